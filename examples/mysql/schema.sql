-- Tables for the example. The server must log rows whole and with names (docs/connectors.md says what else is needed):
--   SET PERSIST binlog_row_metadata = 'FULL';            MariaDB: SET GLOBAL …, and in its configuration
CREATE TABLE customers (
  id         BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT,
  email      VARCHAR(200) NOT NULL,
  region     ENUM('eu', 'us') NOT NULL,
  newsletter TINYINT(1) NOT NULL DEFAULT 0,
  updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  KEY (updated_at)
);

CREATE TABLE orders (
  id          BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT,
  customer_id BIGINT UNSIGNED NOT NULL,
  amount      DECIMAL(12, 2) NOT NULL,
  status      VARCHAR(20) NOT NULL
);

CREATE TABLE currencies (
  code CHAR(3) PRIMARY KEY,
  rate DECIMAL(18, 8) NOT NULL
);

INSERT INTO customers (email, region, newsletter) VALUES ('ada@example.com', 'eu', 1), ('bob@example.com', 'us', 0);
INSERT INTO orders (customer_id, amount, status) VALUES (1, 12.50, 'open'), (1, 99.00, 'paid'), (2, 7.25, 'open');
INSERT INTO currencies VALUES ('EUR', 1), ('USD', 1.08);
